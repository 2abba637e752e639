/** The exit codes of every command. */
export const exitCodes = {
  /** Success; a watched run is SUCCESSFUL. */
  succeeded: 0,
  /** The watched run is FAILED or CANCELED, or the pipeline has mistakes. */
  failed: 1,
  /** The command failed, or the watch ended before the run. */
  couldNot: 2,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Sets the exit code of a command that throws nothing. */
export type Exit = (code: ExitCode) => void;

/** The command cannot do what the user asked. The message says why and what to do. */
export class CouldNot extends Error {
  override readonly name = 'CouldNot';
}
