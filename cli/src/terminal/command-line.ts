import type { Terminal } from './terminal.js';

/** A command line to copy, with the `--server` of this one. */
export const commandLine = ({ server }: Terminal, words: string): string =>
  `chainr ${words}${server.named === undefined ? '' : ` --server ${server.named}`}`;
