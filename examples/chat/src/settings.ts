/** Where the server listens. */
export interface Settings {
  readonly host: string;
  /** 0 lets the operating system choose a free port. */
  readonly port: number;
}

/** Settings that cannot be used; the message is one line for the person who gave them. */
export class SettingsError extends Error {
  override readonly name: string = 'SettingsError';
}

/** Settings that mean nothing, wherever the program runs. */
export class UsageError extends SettingsError {
  override readonly name = 'UsageError';
}

/**
 * Reads `HOST` and `PORT` from the environment. A variable that is unset or empty takes its default: 127.0.0.1 and 8080.
 *
 * @throws {UsageError} when `PORT` is anything but a whole number from 0 to 65535.
 */
export function readSettings(environment: NodeJS.ProcessEnv): Settings {
  const port = environment.PORT || '8080';
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65535) {
    throw new UsageError(`PORT must be a whole number from 0 to 65535, not ${JSON.stringify(port)}`);
  }
  return { host: environment.HOST || '127.0.0.1', port: Number(port) };
}

/** What the system answers when it cannot listen, and what the person can do about it. */
const LISTEN_ERRORS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'it is already in use; set PORT to another port',
  EACCES: 'this user may not listen there; set PORT to 1024 or above',
  EADDRNOTAVAIL: 'this machine has no such address; set HOST to one of its own',
  ENOTFOUND: 'the host name is unknown; set HOST to an address of this machine',
  EAI_AGAIN: 'the host name cannot be looked up now; set HOST to an address of this machine',
};

/** The error of `listen`, turned into one line that says what to change. */
export function listenError(error: Error, { host, port }: Settings): SettingsError {
  const reason = ('code' in error ? LISTEN_ERRORS[String(error.code)] : undefined) ?? error.message;
  return new SettingsError(`cannot listen on ${host} port ${port}: ${reason}`, { cause: error });
}
