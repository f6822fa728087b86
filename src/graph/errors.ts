import { userFrame } from "../host/user-frame.ts";
import type { ErrorCode } from "./error-codes.ts";

/**
 * Every error that a user can cause. `code` is stable and searchable, and `docs/errors.md` explains it; the message says
 * what was expected, what came, and how to mend it.
 */
export class PondusError extends Error {
  readonly code: ErrorCode;
  /** 2: bad usage or bad input (the default); 1: it failed while running. */
  readonly exitCode: 1 | 2;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; exitCode?: 1 | 2 } = {}) {
    // Deep enough to reach the user's line through nested layers and loops.
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 50;
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    Error.stackTraceLimit = limit;
    this.name = "PondusError";
    this.code = code;
    this.exitCode = options.exitCode ?? 2;
  }

  /** The user's line that asked for the impossible, as `model.ts:12`; undefined when it was reached from no file. */
  get place(): string | undefined {
    return userFrame(this.stack ?? "");
  }
}

/** A violated invariant of Pondus itself: a bug, never the user's fault. */
export class InternalError extends Error {
  constructor(message: string) {
    super(`${message} (this is a bug in Pondus; please report it)`);
    this.name = "InternalError";
  }
}
