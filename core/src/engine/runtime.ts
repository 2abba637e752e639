/**
 * Where an attempt ran and what its executor saw of it: for people, and kept after its remains are gone. Absent where an
 * executor has nothing to tell.
 */
export interface Runtime {
  /** `NAMESPACE/NAME`. */
  pod: string;
  node?: string;
  /** Services first, then steps, in their order. */
  containers: ContainerRuntime[];
  /** Oldest first. Not read for an attempt that succeeded. */
  events: RuntimeEvent[];
  /** Why there are no events, as a sentence. */
  eventsMissing?: string;
}

export interface ContainerRuntime {
  name: string;
  image: string;
  /** The image that it really ran, with its digest. */
  imageId?: string;
  /** As in `exit code 137 (OOMKilled)`. */
  state: string;
  /** How often it was started again; absent: never. */
  restarts?: number;
}

export interface RuntimeEvent {
  /** Milliseconds since 1970, when it happened last. */
  time: number;
  type: 'Normal' | 'Warning';
  /** One word, such as `FailedMount`. */
  reason: string;
  message: string;
  /** How often it happened; absent: once. */
  count?: number;
}

/** The most bytes of a runtime that are stored. */
const storedBytes = 16_384;

/** As JSON, without its oldest events and then without containers if it is too large to store. */
export function packRuntime(runtime: Runtime): string {
  const { containers, events } = runtime;
  for (let dropped = 0; ; dropped += 1) {
    const kept = { events: events.slice(dropped), containers: dropped > events.length ? [] : containers };
    const text = JSON.stringify({ ...runtime, ...kept });
    if (dropped > events.length || Buffer.byteLength(text) <= storedBytes) return text;
  }
}

/** With all texts that others have written replaced, as to cover secrets. */
export const mapRuntime = (runtime: Runtime, text: (written: string) => string): Runtime => ({
  ...runtime,
  containers: runtime.containers.map((each) => ({ ...each, image: text(each.image), state: text(each.state) })),
  events: runtime.events.map((each) => ({ ...each, message: text(each.message) })),
});
