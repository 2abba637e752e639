/** What the exit codes of every command mean. */
export const exitCodes = {
  /** It was done; a watched run was SUCCESSFUL. */
  succeeded: 0,
  /** The watched run FAILED or was CANCELED; the pipeline has mistakes. */
  failed: 1,
  /** It could not be done, or its end was not waited for. */
  couldNot: 2,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Told by a command that ended in order, but not with success. */
export type Exit = (code: ExitCode) => void;

/** A command cannot do what it was asked; its message is one sentence that names the mend. */
export class CouldNot extends Error {
  override readonly name = 'CouldNot';
}
