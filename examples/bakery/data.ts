/** A bakery that rents the system. */
export interface Tenant {
  readonly id: string;
  readonly name: string;
  /** How big it is: the data grows with it. */
  readonly ovens: number;
}

export interface Row {
  readonly id: string;
  readonly tenant_id: string;
  readonly entry: string;
}

export type Tables = Readonly<Record<string, readonly Row[]>>;

/** The bakery that leaves, and two that stay. */
export const LEAVING: Tenant = { id: '6f1c2a9e-4b7d-4e0a-9c35-2d8e1f70a614', name: 'La Espiga', ovens: 3 };
export const STAYING: readonly [Tenant, Tenant] = [
  { id: 'b83d5e07-91f2-4c6b-8a14-70c9e2d4f5a8', name: 'Pan de Luna', ovens: 5 },
  { id: '0c47d9b1-e35a-4f88-b2d6-5a19c80e7f3d', name: 'Obrador Norte', ovens: 2 },
];

/** Service, table, how many rows each oven brings, and what they say. */
const SEED: Readonly<Record<string, Readonly<Record<string, readonly [rowsPerOven: number, ...entries: string[]]>>>> = {
  orders: {
    orders: [8, 'Hotel Miramar, Friday 06:30', 'Café Sol, daily', 'school canteen, Monday'],
    order_items: [21, '40 baguettes', '12 rye loaves', '60 croissants', '2 birthday cakes'],
  },
  inventory: {
    ingredients: [14, 'wheat flour T65, 25 kg', 'butter 82 %, 10 kg', 'fresh yeast, 1 kg', 'sea salt, 5 kg'],
    stock_movements: [33, 'received', 'used in production', 'thrown away'],
  },
  recipes: {
    recipes: [6, 'baguette de tradition', 'rye sourdough', 'croissant', 'ensaimada'],
    recipe_ingredients: [27, 'flour 1000 g', 'water 680 g', 'salt 18 g', 'yeast 8 g'],
  },
  sales: {
    sales: [48, 'counter', 'market stall', 'delivery'],
    daily_totals: [7, 'Monday 412.30 €', 'Saturday 1108.75 €'],
  },
  production: {
    batches: [11, 'night shift, oven 1', 'morning shift, oven 2'],
    schedules: [3, 'weekday', 'weekend', 'holiday'],
    quality_checks: [5, 'crumb open, crust thin', 'underbaked, back in'],
  },
  suppliers: {
    suppliers: [2, 'Harinas del Ebro', 'Lácteos Cantabria', 'Molino Viejo'],
    purchase_orders: [9, '500 kg flour', '80 kg butter', '20 kg almonds'],
  },
  pos: {
    terminals: [1, 'counter left', 'counter right'],
    transactions: [52, 'card', 'cash'],
  },
  external: {
    weather_days: [10, 'rain, 12 °C', 'sun, 24 °C', 'wind, 17 °C'],
    holidays: [1, 'San Juan', 'Epiphany: 300 roscones more'],
  },
  forecasting: {
    forecasts: [16, 'baguettes 210', 'croissants 140', 'rye 35'],
    accuracies: [4, 'off by 6 %', 'off by 11 %'],
  },
  training: {
    models: [2, 'demand, weekly', 'demand, holidays'],
    training_runs: [6, 'finished in 41 s', 'finished in 58 s'],
  },
  'alert-processor': {
    rules: [3, 'flour under 50 kg', 'oven over 280 °C', 'no sale for an hour'],
    alerts: [7, 'flour at 38 kg', 'oven 2 at 284 °C'],
  },
  notification: {
    templates: [2, 'order is ready', 'stock is low'],
    messages: [19, 'sent by mail', 'sent by phone', 'bounced'],
  },
};

/** The twelve target services of the deletion system, by the short name that is in their paths. */
export const SERVICES: readonly string[] = Object.keys(SEED);

/** What a service keeps for a tenant, before anybody deletes it. */
export function seedTables(service: string, tenant: Tenant): Tables {
  const tables = Object.entries(SEED[service] ?? {}).map(([table, [rowsPerOven, ...entries]]) => {
    const rows = Array.from({ length: rowsPerOven * tenant.ovens }, (_, index): Row => {
      return { id: `${table}-${index + 1}`, tenant_id: tenant.id, entry: entries[index % entries.length] ?? '' };
    });
    return [table, rows] as const;
  });
  return Object.fromEntries(tables);
}

/** How many rows each table has. */
export function countRows(tables: Tables): Record<string, number> {
  return Object.fromEntries(Object.entries(tables).map(([table, rows]) => [table, rows.length]));
}

/** How many rows a service keeps for a tenant, before anybody deletes it. */
export function seedTotal(service: string, tenant: Tenant): number {
  return sum(Object.values(countRows(seedTables(service, tenant))));
}

export function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
