import { createServer, type AddressInfo } from 'node:net';

/** A TCP port of this machine that nothing listens on. It may be taken again before it is used. */
export async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return String(port);
}
