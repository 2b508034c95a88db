"""What every command needs: the target, its connection, its answer, its progress, its errors."""
