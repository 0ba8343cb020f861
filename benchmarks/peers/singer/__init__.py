"""Singer: a tap made with the SDK, and two targets for PostgreSQL."""
