import { InvalidArgumentError, Option } from 'commander';
import { visibleText } from '@chainr/core/api/contract/headers';

/** `--external-id`, checked as the server checks it: there a mistake would look like one of the pipeline. */
export const externalIdOption = (description: string): Option =>
  new Option('--external-id <id>', description).argParser((text: string) => {
    if (visibleText.test(text)) return text;
    throw new InvalidArgumentError('It must be 1 to 255 visible ASCII characters without spaces.');
  });
