"""Reads a dataset as LeRobot does: Parquet by pyarrow and pandas. Prints what it found as JSON."""

import json
import sys
from pathlib import Path

import numpy as np
import pandas
import pyarrow.parquet as pq

root = Path(sys.argv[1])
info = json.loads((root / "meta/info.json").read_text())
tasks = pandas.read_parquet(root / "meta/tasks.parquet")
episodes = pandas.concat(pandas.read_parquet(file) for file in sorted(root.glob("meta/episodes/*/*")))
files = sorted(root.glob("data/*/*.parquet"))
data = pandas.concat(pandas.read_parquet(file) for file in files)
schema = pq.read_schema(files[0])
state = np.stack(data["observation.state"].to_numpy())
print(
    json.dumps(
        {
            "tasks": {task: int(row["task_index"]) for task, row in tasks.iterrows()},
            "index": tasks.index.name,
            "lengths": episodes["length"].tolist(),
            "episodeTasks": [list(each) for each in episodes["tasks"]],
            "files": episodes["data/file_index"].tolist(),
            "from": episodes["dataset_from_index"].tolist(),
            "stateMean": np.concatenate(episodes["stats/observation.state/mean"].to_numpy()).tolist(),
            "rowGroups": [pq.ParquetFile(file).num_row_groups for file in files],
            "types": {name: str(schema.field(name).type) for name in schema.names},
            "state": state.astype(float).tolist(),
            "done": data["next.done"].tolist(),
            "index_column": data["index"].tolist(),
            "timestamp": data["timestamp"].astype(float).tolist(),
            "quantiles": np.quantile(state, 0.9, axis=0).tolist(),
            "std": np.std(state, axis=0).tolist(),
            "features": list(info["features"]),
        }
    )
)
