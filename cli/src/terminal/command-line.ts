import type { Terminal } from './terminal.js';

/** A command line to copy: it means the server that this one meant. */
export const commandLine = ({ server }: Terminal, words: string): string =>
  `chainr ${words}${server.named === undefined ? '' : ` --server ${server.named}`}`;
