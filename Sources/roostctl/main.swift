print("roostctl")
