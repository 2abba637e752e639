/** A container that cannot be started; the message is the sentence of runc, after what containerd puts before it. */
export class StartFailure extends Error {
  constructor(detail: string) {
    super(
      `failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: ${detail}`,
    );
  }
}
