/** The offsets from `from` up to, but without, `to`. */
export interface OffsetRange {
  readonly from: number;
  readonly to: number;
}
