// A strict reader of Prometheus' text format 0.0.4: what it takes, Prometheus takes.

export interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

export interface Metric {
  help: string;
  type: string;
  samples: Sample[];
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(.*)\\})? (\\S+)(?: -?\\d+)?$`);
const LABEL = new RegExp(`^(${NAME})="((?:[^"\\\\\\n]|\\\\[\\\\"n])*)"(?:,|$)`);

/** Throws for a line that the format does not know, for a sample without HELP and TYPE, and for one given twice. */
export function parseExposition(text: string): Map<string, Metric> {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const metrics = new Map<string, Metric>();
  const seen = new Set<string>();
  const metricOf = (name: string) => {
    const made = metrics.get(name) ?? { help: '', type: '', samples: [] };
    metrics.set(name, made);
    return made;
  };
  for (const line of text.split('\n').slice(0, -1)) {
    const comment = new RegExp(`^# (HELP|TYPE) (${NAME}) (.+)$`).exec(line);
    if (line === '') continue;
    if (comment !== null) {
      const metric = metricOf(comment[2]!);
      const what = comment[1] === 'HELP' ? 'help' : 'type';
      if (metric[what] !== '' || metric.samples.length > 0) throw new Error(`${line}: twice, or too late`);
      if (what === 'type' && !/^(counter|gauge|histogram|summary|untyped)$/.test(comment[3]!))
        throw new Error(`${line}: no type`);
      metric[what] = comment[3]!;
      continue;
    }
    const match = SAMPLE.exec(line);
    if (match === null) throw new Error(`not a sample: ${line}`);
    const [, name = '', labelText = '', value = ''] = match;
    const metric = metrics.get(name) ?? metrics.get(name.replace(/_(bucket|sum|count)$/, ''));
    if (metric === undefined || metric.type === '' || metric.help === '')
      throw new Error(`${line}: without HELP and TYPE`);
    const labels = labelsOf(labelText);
    const key = `${name} ${JSON.stringify(Object.entries(labels).sort())}`;
    if (seen.has(key)) throw new Error(`${line}: twice`);
    seen.add(key);
    if (!/^([+-]?Inf|Nan|[+-]?\d+(\.\d+)?([eE][+-]?\d+)?)$/i.test(value))
      throw new Error(`${line}: no number`);
    metric.samples.push({ name, labels, value: Number(value.replace('Inf', 'Infinity')) });
  }
  return metrics;
}

function labelsOf(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (let rest = text; rest !== ''; ) {
    const match = LABEL.exec(rest);
    if (match === null) throw new Error(`not labels: ${text}`);
    labels[match[1]!] = match[2]!;
    rest = rest.slice(match[0].length);
  }
  return labels;
}
