/** Methods of Node's Buffer that its type package leaves out: the fast forms of `toString` and `write`. */
interface Buffer {
  latin1Slice(start?: number, end?: number): string;
  utf8Slice(start?: number, end?: number): string;
  latin1Write(text: string, offset?: number, length?: number): number;
}
