// How figures and times are written, everywhere the same.

export function duration(seconds: number): string {
  if (seconds < 0.0005) return "0 ms";
  if (seconds < 1) return `${seconds < 0.01 ? (seconds * 1000).toFixed(1) : Math.round(seconds * 1000)} ms`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${pad(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${pad(minutes % 60)} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** A round figure, such as a setting or a mark of an axis. */
export function brief(seconds: number): string {
  return duration(seconds).replace(/\.0(?= )/, "").replace(/ 00 (s|min)$/, "").replace(/^0 ms$/, "0 s");
}

function pad(value: number): string {
  return String(Math.floor(value)).padStart(2, "0");
}

export function ago(iso: string, now: number): string {
  const seconds = Math.max(0, (now - Date.parse(iso)) / 1000);
  if (seconds < 5) return "just now";
  if (seconds < 60) return `${Math.floor(seconds)} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}

export function clock(iso: string): string {
  const time = new Date(iso);
  const fraction = String(time.getMilliseconds()).padStart(3, "0");
  return `${time.toLocaleTimeString(undefined, { hour12: false })}.${fraction}`;
}

export function moment(iso: string): string {
  return new Date(iso).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
}

export function count(value: number): string {
  return value.toLocaleString("en");
}

export function bytes(value: number): string {
  if (value < 1000) return `${value} B`;
  if (value < 1_000_000) return `${(value / 1000).toFixed(1)} kB`;
  return `${(value / 1_000_000).toFixed(1)} MB`;
}

/** A file by its name and directory; where that is on this machine is for the title and for copying. */
export function shortPath(path: string): string {
  const parts = path.split("/").filter(Boolean);
  return parts.length > 2 ? `…/${parts.slice(-2).join("/")}` : path;
}

/** The end of an id is where time-ordered ones differ. */
export function shortId(id: string): string {
  return id.slice(-8);
}

export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** Host and database, without the user and the way of connecting. */
export function databaseName(url: string): string {
  const keyword = /dbname=(\S+)/.exec(url)?.[1];
  if (keyword) return `${/host=([^/\s]+)/.exec(url)?.[1] ?? "local"}/${keyword}`;
  const plain = url.replace(/^[a-z]+:\/\//, "").replace(/^[^@/]*@/, "").replace(/\?.*$/, "");
  return plain.startsWith("/") ? `local${plain}` : plain;
}
