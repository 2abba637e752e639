/** 128 + n for the signals that there are; the code is kept. */
export const isSignalCode = (code: number): boolean => code >= 129 && code <= 159;
