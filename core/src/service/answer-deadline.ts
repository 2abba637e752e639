/**
 * How long a service may take from the end of a request to the first byte of its answer. Then gate answers 503 for it.
 * What a service does within a request must end, or be given up without effect, before that.
 */
export const answerDeadlineMs = 30_000;
