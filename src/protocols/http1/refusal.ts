/** Why a request cannot be accepted: the status to answer with before the connection is closed, and the reason in words. */
export class Refusal {
  readonly status: number;
  readonly why: string;

  constructor(status: number, why: string) {
    this.status = status;
    this.why = why;
  }
}
