/** Where finished logs go, from `CHAINR_ARCHIVE`. */
export interface ArchiveAddress {
  kind: 'directory';
  path: string;
}

const forms = 'must be file:///path/to/directory';

/** @throws Error whose message ends the sentence "CHAINR_ARCHIVE …" */
export function parseArchiveAddress(text: string): ArchiveAddress {
  if (!URL.canParse(text)) throw new Error(forms);
  const url = new URL(text);
  if (url.protocol !== 'file:' || url.host !== '' || url.pathname.length < 2 || url.search !== '') throw new Error(forms); // prettier-ignore
  return { kind: 'directory', path: decodePath(url.pathname) };
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new Error(`${forms}; its special characters must be percent-encoded`);
  }
}
