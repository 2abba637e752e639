import { unlink } from 'node:fs/promises';
import type { AttemptKey, Position } from '../../port.js';
import { attemptFolder } from '../attempt-folder.js';
import { pathOf, type ProcessContext } from '../context.js';
import { liesBefore, listSegments, parsePosition, segmentFile } from './segment-files.js';

/** Stored segments that are kept anyway: a Redis that was killed loses its last seconds, which are then read again. */
const keptSegments = 1;

/** Removes stored segments, so that a step whose unread output is at its limit can go on. */
export function removeStored(context: ProcessContext, key: AttemptKey, position: Position): void {
  const place = parsePosition(position);
  if (!place) return;
  const upTo = { step: place.step, segment: Math.max(0, place.segment - keptSegments), offset: 0 };
  const folder = attemptFolder(key);
  const known = context.removedUpTo.get(folder) ?? { step: 0, segment: 0 };
  // The common case: an attempt that writes little has one segment.
  if (!liesBefore(known, upTo)) return;
  context.removedUpTo.set(folder, upTo);
  const path = pathOf(context, key);
  for (const segment of listSegments(path)) {
    if (!liesBefore(segment, upTo)) continue;
    unlink(segmentFile(path, segment)).catch((reason: unknown) => {
      const error = reason as NodeJS.ErrnoException;
      // The next stored segment retries it; at the latest, it goes with the folder.
      if (error.code !== 'ENOENT') context.onTrouble('stored output cannot be removed', error);
    });
  }
}
