import { untilFound } from '@chainr/testkit/until-found';
import { isAlive, parseIdentity, type Identity } from '../../src/process/identity.js';
import { readIfThere } from '../../src/process/small-files.js';

/** Waits until a file in the folder holds a whole line. @returns its text */
export async function untilWritten(folder: string, file: string): Promise<string> {
  const look = () => readIfThere(`${folder}/${file}`) ?? '';
  return untilFound(`a line in ${folder}/${file}`, look, (text) => text.includes('\n'), { everyMs: 5 });
}

export async function identityIn(folder: string, file: string): Promise<Identity> {
  const identity = parseIdentity(await untilWritten(folder, file));
  if (!identity) throw new Error(`${folder}/${file} holds no identity.`);
  return identity;
}

/** Waits until the process is gone. Something else ends it. */
export async function untilGone(identity: Identity): Promise<void> {
  await untilFound(`process ${identity.pid} to be gone`, () => !isAlive(identity), Boolean, { everyMs: 5 });
}
