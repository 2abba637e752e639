import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';

export type OutputStream = 'stdout' | 'stderr';

/** containerd cuts lines into pieces of this size. */
const maxPiece = 16 * 1024;
/** How many files the kubelet keeps of a container's log. */
const keptFiles = 5;
/** The clock of the node shows the time of Kathmandu: times of logs need not be in UTC. */
const zone = { minutes: 345, text: '+05:45' };

/**
 * The log of one container, in files of the format that containerd writes for the kubelet:
 * `TIME stdout F text`, with `P` in place of `F` for a piece of a line whose newline is still to come.
 */
export class ContainerLog {
  readonly #base: string;
  readonly #maxBytes: number;
  readonly #rotationMs: number;
  #rotatedAt = performance.now();
  #generation = 0;
  #size = 0;
  #file: number | undefined;
  #lastTime = 0n;
  readonly #unfinished: Record<OutputStream, Buffer> = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
  readonly #waiting = new Set<() => void>();

  /**
   * @param maxBytes the size of a file at which the next one is begun
   * @param rotationMs how often that is looked at
   */
  constructor(base: string, maxBytes: number, rotationMs: number) {
    this.#base = base;
    this.#maxBytes = maxBytes;
    this.#rotationMs = rotationMs;
    mkdirSync(path.dirname(base), { recursive: true });
    this.#file = openSync(this.pathOf(0), 'a');
  }

  /** The number of the newest file. */
  get generation(): number {
    return this.#generation;
  }

  get isClosed(): boolean {
    return this.#file === undefined;
  }

  /** The oldest file that is left. */
  get oldest(): number {
    return Math.max(0, this.#generation - keptFiles + 1);
  }

  pathOf(generation: number): string {
    return `${this.#base}.${generation}`;
  }

  write(stream: OutputStream, bytes: Buffer): void {
    let rest = Buffer.concat([this.#unfinished[stream], bytes]);
    const pieces: Buffer[] = [];
    for (;;) {
      const end = rest.indexOf(10);
      const size = end < 0 ? rest.length : end;
      if (size > maxPiece) {
        pieces.push(this.#lineOf(stream, 'P', rest.subarray(0, maxPiece)));
        rest = rest.subarray(maxPiece);
      } else if (end < 0) break;
      else {
        // containerd reads lines as Go's bufio does, which drops a carriage return before the newline.
        pieces.push(this.#lineOf(stream, 'F', rest.subarray(0, rest[end - 1] === 13 ? end - 1 : end)));
        rest = rest.subarray(end + 1);
      }
    }
    this.#unfinished[stream] = rest;
    this.#append(pieces);
  }

  /** A last line without a newline is a piece, as containerd writes it. */
  close(): void {
    if (this.#file === undefined) return;
    for (const stream of ['stdout', 'stderr'] as const) {
      const rest = this.#unfinished[stream];
      if (rest.length > 0) this.#append([this.#lineOf(stream, 'P', rest)]);
    }
    closeSync(this.#file);
    this.#file = undefined;
    this.#wake();
  }

  /** Resolves when there is more to read, or nothing more to come. */
  more(): Promise<void> {
    return new Promise((resolve) => this.#waiting.add(resolve));
  }

  /** Removes the files. Who reads one goes on with it. */
  remove(): void {
    this.close();
    for (let index = 0; index <= this.#generation; index += 1) rmSync(this.pathOf(index), { force: true });
  }

  #lineOf(stream: OutputStream, tag: 'F' | 'P', content: Buffer): Buffer {
    return Buffer.concat([Buffer.from(`${this.#time()} ${stream} ${tag} `), content, Buffer.from('\n')]);
  }

  #append(pieces: Buffer[]): void {
    if (pieces.length === 0 || this.#file === undefined) return;
    for (const piece of pieces) {
      const isDue = performance.now() - this.#rotatedAt >= this.#rotationMs;
      if (this.#size > this.#maxBytes && isDue) this.#rotate();
      this.#size += piece.length;
      writeSync(this.#file, piece);
    }
    this.#wake();
  }

  #rotate(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#generation += 1;
    this.#rotatedAt = performance.now();
    this.#size = 0;
    this.#file = openSync(this.pathOf(this.#generation), 'a');
    rmSync(this.pathOf(this.#generation - keptFiles), { force: true });
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  /** Now, in nanoseconds, and later than every time before. */
  #time(): string {
    const measured = BigInt(Math.floor((performance.timeOrigin + performance.now()) * 1_000)) * 1_000n;
    this.#lastTime = measured > this.#lastTime ? measured : this.#lastTime + 1n;
    const shown = Number(this.#lastTime / 1_000_000n) + zone.minutes * 60_000;
    const seconds = new Date(shown).toISOString().slice(0, 19);
    return `${seconds}.${String(this.#lastTime % 1_000_000_000n).padStart(9, '0')}${zone.text}`;
  }
}
