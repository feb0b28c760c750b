import { fileURLToPath } from 'node:url';
import { KindlingError, ValueError } from '../errors.ts';
import { isOf } from '../readable.ts';

/**
 * A file that could not be read or written: no such file, no room on the disk, no permission. The error of the system
 * is its `cause`. Follows `OSError` of Python.
 */
export class FileError extends KindlingError {
  override name = 'FileError';
  /** The system's name of the error, such as `'ENOENT'`. */
  readonly code: string | undefined;
  /** The file. */
  readonly path: string;

  constructor(where: string, path: string, cause: unknown) {
    const { code, message = String(cause) } = cause as { code?: string; message?: string };
    // Behind the comma stands the call that failed, with the name of the temporary file.
    super(`${where}: ${code === undefined ? message : message.split(',')[0]}`, { cause });
    this.code = code;
    this.path = path;
  }
}

/** A function and the file it was called with, as messages begin with them. */
export interface Call {
  readonly path: string;
  /** `loadNpy('/tmp/x.npy')`. */
  readonly where: string;
}

/** Runs `act`; what the file system throws becomes a {@link FileError}. */
export async function ofFile<T>({ path, where }: Call, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof KindlingError) throw error;
    throw new FileError(where, path, error);
  }
}

const isURL = /* @__PURE__ */ isOf<URL>('URL');

/** The call of `caller` with a path or a file URL, of which query and hash are no part of the path. */
export function callOf(caller: string, path: unknown): Call {
  if (isURL(path)) {
    try {
      path = fileURLToPath(path);
    } catch (cause) {
      throw new ValueError(`${caller}: ${String(path)} names no file: ${(cause as Error).message}`, {
        cause,
      });
    }
  }
  if (typeof path !== 'string' || path === '' || path.includes('\0')) {
    const got = typeof path === 'string' ? JSON.stringify(path) : path === null ? 'null' : typeof path;
    throw new ValueError(`${caller}: expected the path of a file, a string or a file URL, got ${got}`);
  }
  return { path, where: `${caller}('${path}')` };
}
