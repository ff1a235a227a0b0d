"""The commands, one file each; each has `run(options, console) -> exit code`."""
