/** What the engine asks of a logger; Nest's `Logger` is one. */
export interface EngineLogger {
  debug(message: string): void;
  log(message: string): void;
  warn(message: string): void;
  error(message: string, stack?: string): void;
}
