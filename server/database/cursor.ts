import type pg from 'pg';

const PAGE = 5000;

/** Row by row through a cursor, so that the vectors of a large project never lie in memory all together. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the caller says what its columns are, as with pg's own query
export async function eachRow<T extends pg.QueryResultRow>(client: pg.Client, text: string, values: unknown[], each: (row: T) => void): Promise<void> {
  await client.query('BEGIN READ ONLY');
  try {
    await client.query(`DECLARE places NO SCROLL CURSOR FOR ${text}`, values);
    for (;;) {
      const { rows } = await client.query<T>(`FETCH ${PAGE} FROM places`);
      for (const row of rows) each(row);
      if (rows.length < PAGE) break;
    }
  } finally {
    await client.query('ROLLBACK');
  }
}
