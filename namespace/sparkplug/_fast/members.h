/* Members of objects of classes with `__slots__`, by the offsets that the classes themselves tell: what the compiled steps share. */

#ifndef UNS_MEMBERS_H
#define UNS_MEMBERS_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>

/* The member of an object: a borrowed reference, NULL where it is not set. */
#define MEMBER(object, offset) (*(PyObject **)((char *)(object) + (offset)))

/* Learn where a member lies; 0, with an exception, where the class has no such slot. */
static inline int offset_of(PyObject *type, const char *name, Py_ssize_t *offset)
{
    PyObject *found = PyObject_GetAttrString(type, name);
    if (found == NULL)
        return 0;
    int is_slot = Py_TYPE(found) == &PyMemberDescr_Type && ((PyMemberDescrObject *)found)->d_member->type == T_OBJECT_EX;
    if (is_slot)
        *offset = ((PyMemberDescrObject *)found)->d_member->offset;
    else
        PyErr_Format(PyExc_TypeError, "%s is no __slots__ member", name);
    Py_DECREF(found);
    return is_slot;
}

/* Set a member. */
static inline void put(PyObject *object, Py_ssize_t offset, PyObject *new)
{
    PyObject *old = MEMBER(object, offset);
    Py_INCREF(new);
    MEMBER(object, offset) = new;
    Py_XDECREF(old);
}

/* Keep a class for good. */
static inline void keep_type(PyTypeObject **kept, PyObject *type)
{
    PyTypeObject *old = *kept;
    Py_INCREF(type);
    *kept = (PyTypeObject *)type;
    Py_XDECREF(old);
}

#endif
