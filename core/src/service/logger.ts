import { pino } from 'pino';

export type Logger = pino.Logger;

/** The values of these fields never reach a log, in the first three levels of nesting. */
const secretFields = ['authorization', 'token', 'password', 'cookie', '["set-cookie"]', '["proxy-authorization"]'];

function redactedPaths(): string[] {
  return secretFields.flatMap((field) => {
    const dotted = field.startsWith('[') ? field : `.${field}`;
    return [field, `*${dotted}`, `*.*${dotted}`];
  });
}

/**
 * Creates the structured logger of one service: JSON lines with ISO times and the service's name.
 *
 * @param level one of pino's levels, or `silent`
 * @param destination where the lines go; standard output if left out. Written synchronously, so that no line is lost
 * when the process ends.
 */
export function createLogger(service: string, level: string, destination?: pino.DestinationStream): Logger {
  const options: pino.LoggerOptions = {
    level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: redactedPaths(), censor: '[redacted]' },
    serializers: { err: pino.stdSerializers.errWithCause },
  };
  return destination ? pino(options, destination) : pino(options);
}

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
