import type { FieldMistake } from '../api/status.js';

/** Collects the mistakes of an object, in the words of `apimachinery/pkg/util/validation/field`. */
export class Mistakes {
  readonly found: FieldMistake[] = [];

  required(field: string): void {
    this.#add('FieldValueRequired', field, 'Required value');
  }

  invalid(field: string, value: string | number | null, why: string): void {
    this.#add('FieldValueInvalid', field, `Invalid value: ${JSON.stringify(value)}: ${why}`);
  }

  notFound(field: string, value: string): void {
    this.#add('FieldValueNotFound', field, `Not found: ${JSON.stringify(value)}`);
  }

  duplicate(field: string, value: string): void {
    this.#add('FieldValueDuplicate', field, `Duplicate value: ${JSON.stringify(value)}`);
  }

  notSupported(field: string, value: string, supported: readonly string[]): void {
    const list = supported.map((each) => JSON.stringify(each)).join(', ');
    this.#add(
      'FieldValueNotSupported',
      field,
      `Unsupported value: ${JSON.stringify(value)}: supported values: ${list}`,
    );
  }

  tooLong(field: string, maxBytes: number): void {
    this.#add('FieldValueTooLong', field, `Too long: may not be more than ${maxBytes} bytes`);
  }

  forbidden(field: string, why: string): void {
    this.#add('FieldValueForbidden', field, `Forbidden: ${why}`);
  }

  #add(reason: FieldMistake['reason'], field: string, message: string): void {
    this.found.push({ reason, field, message });
  }
}
