/** A request body that cannot be had: the status to answer with, and the reason in words. */
export class BodyError extends Error {
  override readonly name = 'BodyError';
  readonly status: number;

  constructor(status: number, why: string) {
    super(why);
    this.status = status;
  }
}
