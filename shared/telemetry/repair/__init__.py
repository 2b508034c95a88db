"""What a commit without reads may have got wrong, put right. All of it can be repeated."""
