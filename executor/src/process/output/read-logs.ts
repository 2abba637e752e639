import type { AttemptSpec, LogBatch, Position } from '../../port.js';
import { attemptFiles } from '../attempt-folder.js';
import { pathOf, type ProcessContext } from '../context.js';
import { AttemptFollower } from '../watch/follow-attempt.js';
import { OutputReader } from './output-reader.js';
import { isSegmentName } from './segment-files.js';

const concerns = (file: string): boolean =>
  isSegmentName(file) || file.endsWith('.exit') || file === attemptFiles.exit || file === attemptFiles.started;

/** The attempt's output after `from`; see the port. */
export async function* readLogs(
  context: ProcessContext,
  spec: AttemptSpec,
  from: Position,
  signal: AbortSignal,
): AsyncGenerator<LogBatch, void, void> {
  const path = pathOf(context, spec);
  const follower = new AttemptFollower(context, spec);
  const output = new OutputReader(path, spec.steps, from);
  const watch = context.board.open(path, concerns, signal);
  const isTold = (): boolean => signal.aborted;
  try {
    while (!isTold()) {
      // Looked at before the read: once the end is recorded, all output is in the files (see Gapless logs).
      const ended = (await follower.look()) !== undefined;
      for (;;) {
        const batch = output.read(ended);
        if (!batch || isTold()) break;
        yield batch;
      }
      if (ended) return;
      if (!isTold()) await watch.next();
    }
  } finally {
    watch.close();
    output.close();
  }
}
