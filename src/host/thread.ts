/** A worker, as Node's and the browsers' are alike. */
export interface Thread {
  post(message: unknown): void;
  /** Whether the process waits for it. */
  hold(yes: boolean): void;
  end(): void;
}

export interface ThreadEvents {
  readonly message: (data: unknown) => void;
  /** It is no more; why, where that is known. */
  readonly gone: (cause?: unknown) => void;
}
