"""The world handed in: clocks, streams, processes, files, random; set-up, spawn, periodic work, deadlines."""
