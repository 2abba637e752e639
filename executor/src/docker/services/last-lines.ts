import type Docker from 'dockerode';
import { linesShown, showLastLines } from '../../last-lines.js';
import { unless } from '../daemon-errors.js';
import { FrameReader } from '../output/log-frames.js';

/** The last lines that a container wrote, as the end of a message. */
export async function lastLines(docker: Docker, id: string): Promise<string> {
  const asked = { follow: false as const, stdout: true, stderr: true, timestamps: true, tail: linesShown };
  const bytes = await unless([404, 409], docker.getContainer(id).logs(asked));
  return showLastLines(new FrameReader().take(bytes ?? Buffer.alloc(0)).map((frame) => frame.bytes.toString()).join('')); // prettier-ignore
}
