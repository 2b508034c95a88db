"""Access to Firestore: names of documents, deadlines, commits, erasure."""
