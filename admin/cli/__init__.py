"""What every command needs: target, connection, answer, progress, errors."""
