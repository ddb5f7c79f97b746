/** Where the engine reports what an operator should know; a pino logger fits. */
export interface EngineLog {
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export const SILENT: EngineLog = { warn: () => undefined, error: () => undefined };
