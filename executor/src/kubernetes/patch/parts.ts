import { isPlainMap, type PlainMap } from '@chainr/core/pipeline/plain-values';

// A pipeline may put anything anywhere into a pod. What is not of the kind that the API wants there has no effect: the
// API server refuses the whole pod.

export const mapOf = (value: unknown): PlainMap => (isPlainMap(value) ? value : {});

export const itemsOf = (value: unknown): PlainMap[] => (Array.isArray(value) ? value.filter(isPlainMap) : []);

/** Whether a switch is on. What is no boolean counts as on, since nobody knows what it is taken for. */
export const isOn = (value: unknown): boolean => value !== undefined && value !== false;
