import { linesShown, showLastLines } from '../../last-lines.js';
import { ApiError } from '../api/api-error.js';
import type { KubernetesContext } from '../context.js';
import type { PodBoard } from '../watch/pod-board.js';

/** The last lines that a container wrote, as the end of a message. */
export async function lastLines(
  { api }: Pick<KubernetesContext, 'api'>,
  board: PodBoard,
  pod: string,
  container: string,
): Promise<string> {
  try {
    return showLastLines(await api.text(`${board.path}/${pod}/log`, { container, tailLines: linesShown }));
  } catch (error) {
    // Its node may be away for good, and the end of the attempt must not wait for that.
    if (!(error instanceof ApiError) || error.status === 401) throw error;
    return 'Its log is not there any more.';
  }
}
