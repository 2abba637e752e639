import type { KubernetesSettings } from './pipeline.js';

/**
 * The settings of the pod of a job: its own fields replace those of its pipeline; `nodeSelector`, `labels` and
 * `annotations` are merged by key.
 */
export function podSettings(
  pipeline: KubernetesSettings = {},
  job: KubernetesSettings = {},
): KubernetesSettings | undefined {
  const settings: KubernetesSettings = { ...pipeline, ...job };
  for (const field of ['nodeSelector', 'labels', 'annotations'] as const) {
    if (pipeline[field] && job[field]) settings[field] = { ...pipeline[field], ...job[field] };
  }
  return Object.keys(settings).length > 0 ? settings : undefined;
}
