REM Opens each document of a list and settles its revisions both ways.

Sub Run(jobs As String)
    Dim files, stream
    files = createUnoService("com.sun.star.ucb.SimpleFileAccess")
    stream = createUnoService("com.sun.star.io.TextInputStream")
    stream.setInputStream(files.openFileRead(jobs))
    stream.setEncoding("UTF-8")
    Do While Not stream.isEOF()
        Dim job As String
        job = Join(Split(stream.readLine(), Chr(10)), "")
        If job <> "" Then Settle(job)
    Loop
    StarDesktop.terminate()
End Sub

REM `job` is an address without extension; the results lie beside it.
Sub Settle(job As String)
    On Error Goto Failed
    Dim document
    document = Opened(job)
    Dispatch(document, ".uno:AcceptAllTrackedChanges")
    Tell(job & ".accepted", Lines(document))
    document.close(True)

    document = Opened(job)
    Dispatch(document, ".uno:RejectAllTrackedChanges")
    Tell(job & ".rejected", Lines(document))
    document.close(True)
    Exit Sub
Failed:
    Tell(job & ".failed", Array(Error$ & " in line " & Erl))
End Sub

Function Opened(job As String)
    Dim how(0) As New com.sun.star.beans.PropertyValue
    how(0).Name = "Hidden"
    how(0).Value = True
    Opened = StarDesktop.loadComponentFromURL(job & ".docx", "_blank", 0, how())
End Function

Sub Dispatch(document, command As String)
    Dim nothing_more()
    Dim dispatcher
    dispatcher = createUnoService("com.sun.star.frame.DispatchHelper")
    dispatcher.executeDispatch(document.CurrentController.Frame, command, "", 0, nothing_more())
End Sub

REM Style and text of each paragraph outside tables, and how many revisions are left.
Function Lines(document)
    Dim found() As String, paragraphs, one, count As Long
    ReDim found(0)
    Dim left_over As Long, revisions
    revisions = document.Redlines.createEnumeration()
    Do While revisions.hasMoreElements()
        revisions.nextElement()
        left_over = left_over + 1
    Loop
    found(0) = CStr(left_over)
    paragraphs = document.Text.createEnumeration()
    Do While paragraphs.hasMoreElements()
        one = paragraphs.nextElement()
        If one.supportsService("com.sun.star.text.Paragraph") Then
            count = count + 1
            ReDim Preserve found(count)
            found(count) = one.ParaStyleName & Chr(9) & Join(Split(one.String, Chr(10)), " ")
        End If
    Loop
    Lines = found
End Function

Sub Tell(address As String, lines)
    Dim files, stream, one As Long
    files = createUnoService("com.sun.star.ucb.SimpleFileAccess")
    stream = createUnoService("com.sun.star.io.TextOutputStream")
    stream.setOutputStream(files.openFileWrite(address))
    stream.setEncoding("UTF-8")
    For one = LBound(lines) To UBound(lines)
        stream.writeString(lines(one) & Chr(10))
    Next one
    stream.closeOutput()
End Sub
