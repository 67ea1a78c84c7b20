"""The bytes that Tests/CoordinatorTests/EventFileTests.swift expects, by TensorBoard's own writer.

usage: python make_events.py [DIR]        (pip install tensorboard; run with tensorboard 2.21.0)

With DIR, says what TensorBoard reads in a directory that kindreel wrote.
"""

import io
import sys
import tempfile

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

if len(sys.argv) > 1:
    read = EventAccumulator(sys.argv[1])
    read.Reload()
    for tag in read.Tags()["scalars"]:
        print(tag, len(read.Scalars(tag)), read.Scalars(tag)[-1])
    sys.exit(0 if read.Tags()["scalars"] else 1)

TIME = 1767323041.0
stream = io.BytesIO()
writer = RecordWriter(stream)
writer.write(Event(wall_time=TIME, file_version="brain.Event:2").SerializeToString())
scalars = [
    (7, [("loss", 1.5), ("nmi", 0.25)]),
    (300, [("loss", -2.0)]),
]
for step, values in scalars:
    summary = Summary(value=[Summary.Value(tag=t, simple_value=v) for t, v in values])
    event = Event(wall_time=TIME + step, step=step, summary=summary)
    writer.write(event.SerializeToString())
data = stream.getvalue()

with tempfile.TemporaryDirectory() as directory:
    with open(f"{directory}/events.out.tfevents.0.x", "wb") as file:
        file.write(data)
    read = EventAccumulator(directory)
    read.Reload()
    assert [(e.step, e.value) for e in read.Scalars("loss")] == [(7, 1.5), (300, -2.0)]
text = data.hex()
print("\n".join(text[at : at + 90] for at in range(0, len(text), 90)))
