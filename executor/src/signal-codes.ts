/** Whether an exit code is 128 + n for an existing signal n. */
export const isSignalCode = (code: number): boolean => code >= 129 && code <= 159;
