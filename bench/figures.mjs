// What the benchmarks report, one line a figure.

/** The value below which the share `p` (0–1) of the sorted samples lies. */
export function percentile(samples, p) {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))];
}

export class Figures {
  list = [];

  /** Prints and keeps one figure; `target` is what the project wants of it, `instead` what the alternative takes. */
  add(name, value, unit, { target, instead } = {}) {
    const rounded = Number(value.toPrecision(3));
    this.list.push({ name, value: rounded, unit, ...(target && { target }), ...(instead && { instead }) });
    const notes = [target && `wanted ${target}`, instead && `instead: ${instead}`].filter(Boolean).join('; ');
    console.log(`${name.padEnd(52)} ${String(rounded).padStart(8)} ${unit}${notes ? `   (${notes})` : ''}`);
  }
}
