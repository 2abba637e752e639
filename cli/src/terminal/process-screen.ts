import type { WriteStream } from 'node:tty';
import type { Screen } from './terminal.js';

const hide = '\u001b[?25l';
const show = '\u001b[?25h';
/** Signals that end the process without an `exit` event. */
const signals = ['SIGTERM', 'SIGHUP'] as const;

/** The terminal behind standard output. */
export function processScreen(stdout: WriteStream): Screen {
  return {
    get columns() {
      return stdout.columns || 80;
    },
    get rows() {
      return stdout.rows || 24;
    },
    onResize: (listener) => {
      stdout.on('resize', listener);
      return () => stdout.off('resize', listener);
    },
    hideCursor: () => hideCursor(stdout),
  };
}

function hideCursor(stdout: WriteStream): () => void {
  const onExit = (): void => void stdout.write(show);
  const onSignal = (signal: NodeJS.Signals): void => {
    restore();
    process.kill(process.pid, signal);
  };
  const restore = (): void => {
    process.off('exit', onExit);
    for (const signal of signals) process.off(signal, onSignal);
    onExit();
  };
  stdout.write(hide);
  process.once('exit', onExit);
  for (const signal of signals) process.once(signal, onSignal);
  return restore;
}
