"""The parts of a workspace's Settings, a module each; what they do lies in the modules they call."""
