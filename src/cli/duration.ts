/** A time for people: "53 us", "4.1 s", "12 min", "3 h 20 min", "5 days". */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "?";
  if (seconds < 1e-3) return `${Number((1e6 * seconds).toPrecision(3))} us`;
  if (seconds < 1) return `${Number((1e3 * seconds).toPrecision(3))} ms`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  const days = Math.round(minutes / 60 / 24);
  return days < 1000 ? `${days} days` : `${Math.round(days / 365)} years`;
}
