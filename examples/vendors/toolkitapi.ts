/** ToolkitAPI: saved queries over the warehouse. */
export const toolkitapiOptions = {
  sqlType: 'warehouse',
  datasets: { dset_flights: { table: 'flights' }, dset_weather: { table: 'weather' } },
  queries: {
    qry_delays: {
      name: 'delays-by-origin',
      query: `SELECT origin, count(*) AS flights, sum(delay) AS delay FROM dataset
              WHERE distance >= $distance GROUP BY origin ORDER BY flights DESC LIMIT 3`,
      dataset_id: 'dset_flights',
    },
    qry_broken: { name: 'broken', query: 'SELECT region FROM dataset', dataset_id: 'dset_weather' },
  },
};
