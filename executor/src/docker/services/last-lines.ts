import type Docker from 'dockerode';
import { unless } from '../daemon-errors.js';
import { FrameReader } from '../log-frames.js';

const linesShown = 20;
/** A message has room for 2,000 characters. */
const charactersShown = 1_600;
const lineCharacters = 200;

/** The last lines that a container wrote, as the end of a message. Long lines, and the first of many, are cut. */
export async function lastLines(docker: Docker, id: string): Promise<string> {
  const asked = { follow: false as const, stdout: true, stderr: true, timestamps: true, tail: linesShown };
  const bytes = await unless([404, 409], docker.getContainer(id).logs(asked));
  const text = new FrameReader().take(bytes ?? Buffer.alloc(0)).map((frame) => frame.bytes.toString()).join(''); // prettier-ignore
  const lines = text.split('\n').filter((line) => line.trim() !== '').slice(-linesShown); // prettier-ignore
  const shown = lines.map((line) => (line.length > lineCharacters ? `${line.slice(0, lineCharacters - 1)}…` : line));
  while (shown.join('\n').length > charactersShown) shown.shift();
  return shown.length === 0 ? 'It wrote nothing.' : `Its last lines:\n${shown.join('\n')}`;
}
